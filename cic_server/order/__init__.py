"""Whether a client's events follow what was ordered: the documented order, as tables.

`playback` has the table of AudioPlayer events, `progress` the three progress reports, `speech` the
speech events, `confirmations` what each directive must be followed by; `checker` puts them together.
"""
