"""The glucose report: what it holds (view), how that is said (words, metrics), and the PDF made of it (pdf).

The screen's renderer is layouts/report.py. Both renderers show exactly the words of words.py and the drawings of
layouts/drawings, so that screen, print and PDF agree in every figure.
"""
