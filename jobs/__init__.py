"""How a study gets onto a machine."""
