"""One file (or folder) = one page; each is found by being here."""
