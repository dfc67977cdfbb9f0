"""The far side of a job on an engine: one body on a worker, which hears meanwhile of a stop.

A worker gets these files as one text (`load`), so that it needs nothing but Python and cloudpickle, and no code of
another Python is loaded before the versions were compared. The engine carries bytes, and never an object of the
user's. All else that the two sides tell each other goes by a channel.
"""
