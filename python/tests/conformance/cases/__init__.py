"""The cases: each function takes the module under test as `bg` and prints what a user would see; one subject a file.

They use what the original offers, nothing more, and leave no order to chance.
"""
