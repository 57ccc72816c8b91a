"""SIGTERM as a wish: noted at once, granted after the step in flight."""

import signal
import threading
from collections.abc import Callable
from types import FrameType


class StopFlag:
    """True once SIGTERM came; stands in for the usual handler until released."""

    def __init__(self) -> None:
        self.asked = False
        self._before: Callable[..., object] | int | None = None
        self._installed = threading.current_thread() is threading.main_thread()
        if self._installed:
            self._before = signal.signal(signal.SIGTERM, self._note)

    def __call__(self) -> bool:
        """Return whether a stop was asked for."""
        return self.asked

    def release(self) -> None:
        """Put the handler of before back."""
        if self._installed:
            signal.signal(signal.SIGTERM, self._before)
            self._installed = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
