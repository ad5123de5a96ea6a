"""The commands, a module a subject; each has a Typer `app` that cli.py joins."""
