"""One number's plan: told as a tree, edited by forms and as text, tried out, compared and published."""
