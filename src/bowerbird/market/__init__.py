"""The nouns: frozen values, numpy and the standard library only, no input or output."""
