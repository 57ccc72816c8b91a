"""The figures: each a function from a table to a picture. A new one is a line here."""

import pandas as pd

from tenbin.results import layers
from tenbin.results.figures import (
    allreduce_busbw,
    allreduce_ratio,
    allreduce_time,
    allreduce_winner,
    conv_accuracy,
    conv_frontier,
    conv_layers,
    gemm_peak,
    ladder,
    message,
    model_fit,
    roofline,
    strong_scaling,
    weak_scaling,
)
from tenbin.results.figures.spec import FigureSpec


def _scaling(name: str, table: pd.DataFrame) -> "pd.Series[bool]":
    return table["scaling"] == name


FIGURES: dict[str, FigureSpec] = {
    "strong_scaling": FigureSpec(
        "Scaling",
        "Strong scaling",
        lambda table: _scaling("strong", table),
        ladder.BY,
        strong_scaling.points,
        strong_scaling.strong_scaling,
        strong_scaling.caption,
    ),
    "weak_scaling": FigureSpec(
        "Scaling",
        "Weak scaling",
        lambda table: _scaling("weak", table),
        ladder.BY,
        weak_scaling.points,
        weak_scaling.weak_scaling,
        weak_scaling.caption,
    ),
    "model_fit": FigureSpec(
        "Scaling",
        "Model and extrapolation",
        model_fit.needs,
        model_fit.BY,
        model_fit.points,
        model_fit.model_fit,
        model_fit.caption,
    ),
    "gemm_peak": FigureSpec(
        "GEMM",
        "Rates against the measured peak",
        gemm_peak.needs,
        gemm_peak.BY,
        gemm_peak.points,
        gemm_peak.gemm_peak,
        gemm_peak.caption,
    ),
    "roofline": FigureSpec(
        "GEMM",
        "Roofline",
        roofline.needs,
        roofline.BY,
        roofline.points,
        roofline.roofline,
        roofline.caption,
    ),
    "conv_layers": FigureSpec(
        "Convolution",
        "Layer by layer",
        conv_layers.needs,
        conv_layers.BY,
        conv_layers.points,
        conv_layers.conv_layers,
        conv_layers.caption,
        layers.spread,
        conv_layers.MOST_NETWORKS,
    ),
    "conv_accuracy": FigureSpec(
        "Convolution",
        "Errors layer by layer",
        conv_accuracy.needs,
        conv_accuracy.BY,
        conv_accuracy.points,
        conv_accuracy.conv_accuracy,
        conv_accuracy.caption,
        layers.spread,
        conv_layers.MOST_NETWORKS,
    ),
    "conv_frontier": FigureSpec(
        "Convolution",
        "Speed against error",
        conv_frontier.needs,
        conv_frontier.BY,
        conv_frontier.points,
        conv_frontier.conv_frontier,
        conv_frontier.caption,
        layers.complete,
        conv_layers.MOST_NETWORKS,
    ),
    "allreduce_time": FigureSpec(
        "AllReduce",
        "Time",
        message.needs,
        message.BY,
        allreduce_time.points,
        allreduce_time.allreduce_time,
        allreduce_time.caption,
    ),
    "allreduce_busbw": FigureSpec(
        "AllReduce",
        "Bus bandwidth",
        message.needs,
        message.BY,
        allreduce_busbw.points,
        allreduce_busbw.allreduce_busbw,
        allreduce_busbw.caption,
    ),
    "allreduce_ratio": FigureSpec(
        "AllReduce",
        "Against the library",
        allreduce_ratio.has_pair,
        message.BY,
        allreduce_ratio.points,
        allreduce_ratio.allreduce_ratio,
        allreduce_ratio.caption,
    ),
    "allreduce_winner": FigureSpec(
        "AllReduce",
        "Winner map",
        allreduce_winner.needs,
        allreduce_winner.BY,
        allreduce_winner.points,
        allreduce_winner.allreduce_winner,
        allreduce_winner.caption,
    ),
}
