"""A package whose modules get the legacy names from each other; generated modules stand in it."""
