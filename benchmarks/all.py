"""Measure every bar and say which hold: `make bars`, or `all.py NAME...` for some."""

import subprocess
import sys
from pathlib import Path

from tenbin.launcher import find_mpiexec
from tenbin.machine import cores_allowed

HERE = Path(__file__).parent
# benchmark -> MPI ranks it wants, 0 for none
BARS = {
    "harness_cost": 0,
    "allreduce_vs_c": 2,
    "help_time": 0,
    "report_size": 0,
    "collect_size": 0,
    "campaign_size": 0,
    "analysis_bars": 0,
    "allreduce_folds": 0,
    "allreduce_shm": 2,
    "allreduce_half": 2,
    "allreduce_model": 0,
    "allreduce_lab": 0,
    "training_step": 0,
    "training_backprop": 0,
    "conv_direct": 0,
    "conv_winograd": 0,
