"""What hassfest and HACS look at, looked at here: everything that ships beside the code."""
