"""The cases: each function takes the module under test as `bg` and prints what a user would see; each file has one subject.

They use only what the original offers, and leave no order to chance.
"""
