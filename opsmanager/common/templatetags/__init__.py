"""Template tags that every page may load: icons, times, values and form fields."""
