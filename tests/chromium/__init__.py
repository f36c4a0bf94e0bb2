"""The web interface, clicked through by Chromium as a person would: real Home Assistant, real CIC server."""
