"""Named training problems."""

from tenbin.kernels.training.problem import TrainingProblem

PRESETS: dict[str, tuple[TrainingProblem, ...]] = {
    "smoke": (TrainingProblem("glyphs", "32-16", batch=50, epochs=2, samples=500),),
    "small": (TrainingProblem("glyphs", "300-100", batch=100, epochs=5, samples=5000),),
    # the net and the data of the semi-NMF papers
    "paper": tuple(
        TrainingProblem("mnist", net, batch=batch, epochs=10)
        for net in ("1000-500", "1500-1000-500")
        for batch in (100, 5000)
    ),
}
