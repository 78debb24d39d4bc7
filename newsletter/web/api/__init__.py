"""The JSON API: what programs may ask of a press, each route by the service that the desk and commands use.

Not here: rules, SQL, files.
"""
