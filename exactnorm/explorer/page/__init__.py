"""The explorer's page: what is drawn by Bokeh, the controls around it, and the server; needs the extra `explore`."""
