"""The commands of `openrooms`: one file for each thing that they are about."""
