"""What we look for on every page, by the success criteria of WCAG 2.2; the browser computes.

Contrast of every text on its ground (1.4.3), names of fields and buttons (1.3.1, 4.1.2), headings
in order (1.3.1), landmarks and language (3.1.1), targets of 44 px (2.5.5, stricter than 2.5.8),
and nothing wider than the window (1.4.10).
"""

from pathlib import Path

FAULTS = (Path(__file__).parent / "faults.js").read_text()
