"""The forms in which alerts come: pure Python, one file for each, known by a plain string."""
