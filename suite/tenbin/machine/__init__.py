"""What hardware and software this is, and whether it is healthy.

Every fact comes from one small function; one that fails leaves its fact out and its
reason in `unknown`, never an exception. File trees are read below a `root`, so that
tests can bring their own.
"""

from tenbin.machine.cores import cores_allowed
from tenbin.machine.doctor import Finding, doctor
from tenbin.machine.probe import probe

__all__ = ["Finding", "cores_allowed", "doctor", "probe"]
