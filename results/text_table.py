"""Tables as Markdown and as LaTeX, safe with whatever a name contains."""

from collections.abc import Sequence

LONGEST, LONGEST_CAPTION = 100, 1000  # characters of a cell, of a caption
_MARKDOWN = {ord(c): f"\\{c}" for c in "\\`*_{}[]<>#|~"} | {ord("@"): "&#64;"}
_LATEX = {
    ord("\\"): r"\textbackslash{}",
    **{ord(c): f"\\{c}" for c in "&%$#_{}"},
    ord("~"): r"\textasciitilde{}",
    ord("^"): r"\textasciicircum{}",
    ord("<"): r"\textless{}",
    ord(">"): r"\textgreater{}",
    ord("|"): r"\textbar{}",
    ord("µ"): r"\textmu{}",
    ord("·"): r"$\cdot$",
    ord("…"): r"\dots{}",
    ord("±"): r"$\pm$",
    ord('"'): "''",
}


def markdown_text(text: object, longest: int = LONGEST) -> str:
    """Return text that Markdown shows as it is, on one line.

    >>> markdown_text("a|b_c")
    'a\\\\|b\\\\_c'
    """
    return _line(text, longest).translate(_MARKDOWN)


def latex_text(text: object, longest: int = LONGEST) -> str:
    """Return text that LaTeX sets as it is, on one line.

    >>> latex_text("50 % of a_b")
    '50 \\\\% of a\\\\_b'
    """
    line = _line(text, longest)
    safe = "".join(c if ord(c) < 128 or ord(c) in _LATEX else "?" for c in line)
    return safe.translate(_LATEX)


def markdown_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table whose columns of numbers are set right."""
    right = _numeric(len(titles), rows)
    lines = [_row(titles), _row(["---:" if is_ else "---" for is_ in right], safe=True)]
    return "\n".join([*lines, *(_row(row) for row in rows), ""])


def _row(cells: Sequence[object], safe: bool = False) -> str:
    texts = (str(cell) if safe else markdown_text(cell) for cell in cells)
    return f"| {' | '.join(texts)} |"


def latex_table(
    titles: Sequence[str], rows: Sequence[Sequence[object]], caption: str, label: str
) -> str:
    """Return a table environment with booktabs rules; the caption is plain text."""
    columns = "".join("r" if is_ else "l" for is_ in _numeric(len(titles), rows))
    lines = [r"% needs \usepackage{booktabs}", r"\begin{table}", r"  \centering"]
    lines += [
        rf"  \caption{{{latex_text(caption, LONGEST_CAPTION)}}}",
        rf"  \label{{{label}}}",
    ]
    lines += [rf"  \begin{{tabular}}{{{columns}}}", r"    \toprule", _set(titles)]
    lines += [r"    \midrule", *(_set(row) for row in rows), r"    \bottomrule"]
    return "\n".join([*lines, r"  \end{tabular}", r"\end{table}", ""])


def _set(cells: Sequence[object]) -> str:
    return f"    {' & '.join(latex_text(cell) for cell in cells)} \\\\"


def _line(text: object, longest: int = LONGEST) -> str:
    words = " ".join(str(text)[: 4 * longest].split())
    line = words if len(words) <= longest else words[: longest - 1] + "…"
    return "".join(c for c in line if c.isprintable())


def _numeric(count: int, rows: Sequence[Sequence[object]]) -> list[bool]:
    """Return which columns start with a digit wherever they say anything."""
    columns = [[str(row[i]) for row in rows if str(row[i])] for i in range(count)]
    return [bool(found) and all(t[0] in "0123456789-+<" for t in found)
            for found in columns]  # fmt: skip
