"""The common clock, on simulated clocks and networks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tenbin.clock import Clock, clock_identity, corrected, estimate, remaining
from tenbin.stats import Stamps

offsets = st.integers(-(10**15), 10**15)
drifts = st.floats(-1e-4, 1e-4)
LATENCY_NS, NOISE_NS, PINGS = 2000, 500.0, 64
seeds = st.integers(0, 2**32 - 1)


def ping(true: Clock, start_ns: int, seed: int) -> tuple[Stamps, Stamps, Stamps]:
    """Return sent, answer, received against a server whose time is `true`.

    Each way takes the latency and its own exponential noise; one in ten round trips
    is hit by something a hundred times longer, on one way only.
    """
    random = np.random.default_rng(seed)
    there = LATENCY_NS + random.exponential(NOISE_NS, PINGS)
    there += (random.random(PINGS) < 0.1) * 100 * NOISE_NS
    back = LATENCY_NS + random.exponential(NOISE_NS, PINGS)
    sent = start_ns + np.cumsum(np.rint(there + back + 500)).astype(np.int64)
    answer = true.stamps(sent + np.rint(there).astype(np.int64))
    return sent, answer, sent + np.rint(there + back).astype(np.int64)


@given(offsets, drifts, st.integers(0, 10**15), st.integers(0, 10**12))
def test_local_and_common_time_are_inverse(
    offset: int, drift: float, origin: int, since: int
) -> None:
    clock = Clock(offset, drift, origin)

    back = clock.to_local(clock.to_global(origin + since))

    assert abs(back - origin - since) <= 1


@given(offsets, drifts, st.lists(st.integers(0, 10**15), min_size=1))
def test_many_stamps_move_like_one(offset: int, drift: float, local: list[int]) -> None:
    clock = Clock(offset, drift, 10**6)

    together = clock.stamps(np.array(local))

    assert together.tolist() == [clock.to_global(stamp) for stamp in local]


@given(offsets, drifts, seeds)
def test_offset_is_found_within_the_stated_residual(
    offset: int, drift: float, seed: int
) -> None:
    start = 10**12
    true = Clock(offset, drift, start)

    found, origin = estimate(*ping(true, start, seed))
    clock = Clock(found, drift, origin)
    residual, _ = remaining(clock, *ping(true, start + 10**6, seed + 1))

    assert abs(clock.to_global(origin) - true.to_global(origin)) <= residual + 1
    assert residual < 1000


@given(offsets, drifts, seeds)
def test_drift_is_found_from_two_passes(offset: int, drift: float, seed: int) -> None:
    start, later = 10**12, 10**12 + 10**9
    true = Clock(offset, drift, start)

    first, first_origin = estimate(*ping(true, start, seed))
    second, second_origin = estimate(*ping(true, later, seed + 1))
    found = corrected(Clock(first, 0.0, first_origin), second, second_origin)

    assert abs(found - drift) < 1e-6


@given(drifts, seeds)
def test_an_unseen_drift_shows_in_the_residual(drift: float, seed: int) -> None:
    start = 10**12
    true = Clock(0, 1e-4 + abs(drift), start)

    found, origin = estimate(*ping(true, start, seed))
    later = ping(true, start + 10**9, seed)
    residual, bound = remaining(Clock(found, 0.0, origin), *later)

    assert bound >= residual > 90_000


@given(offsets, st.integers(0, 10**5), seeds)
def test_bound_holds_against_an_asymmetry_the_residual_cannot_see(
    offset: int, extra_ns: int, seed: int
) -> None:
    start = 10**12
    true = Clock(offset, 0.0, start)

    # Every answer is that much longer under way than its question.
    trips = [ping(true, start + i * 10**9, seed + i) for i in range(2)]
    slow = [(sent, answer, back + extra_ns) for sent, answer, back in trips]
    found, origin = estimate(*slow[0])
    residual, bound = remaining(Clock(found, 0.0, origin), *slow[1])

    assert abs(found - offset) <= bound
    assert residual < 1000


def test_error_grows_with_age() -> None:
    clock = Clock(origin_ns=100, residual_s=2e-7, drift_error=1e-7)

    assert clock.residual_ns(100) == 200
    assert clock.residual_ns(100 + 10**10) == 1200


def test_identity_of_the_clock_is_stable_within_a_process() -> None:
    assert clock_identity() == clock_identity() != ""
