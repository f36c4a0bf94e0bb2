"""The local bot, asked by plain HTTP: no code of the integration's."""
