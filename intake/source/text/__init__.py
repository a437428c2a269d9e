"""The words, numbers and dates of the pages, in every language that there is."""
