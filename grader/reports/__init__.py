"""Report values and how they are shown."""
