"""A thin front: pyproject.toml says what the package is, CMakeLists.txt builds it."""

from setuptools import setup

setup()
