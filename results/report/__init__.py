"""The report: one HTML file that needs nothing else, and the data beside it."""

from tenbin.results.report.write import write_report

__all__ = ["write_report"]
