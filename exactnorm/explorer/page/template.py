"""The page around the picture. It allows itself nothing from any other host: the browser enforces that."""

PAGE = """
{% from macros import embed %}
{% block preamble %}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'
 blob:; style-src 'self' 'unsafe-inline' blob:; img-src 'self' data: blob:; font-src 'self' data:;
 connect-src 'self' {{ sockets }}; base-uri 'none'; form-action 'none'">
<style>
  body { font: 15px/1.4 system-ui, sans-serif; color: #222; }
  header, main { max-width: 1180px; margin: 0 auto !important; padding: 0 10px !important; box-sizing: border-box; }
  header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 14px; }
  h1 { font-size: 1.3em; margin: 6px 0; }
  header p { margin: 0; color: #555; }
  main { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: flex-start; }
  .left { flex: 3 1 480px; min-width: min(100%, 300px); }
  .right { flex: 2 1 300px; min-width: min(100%, 280px); }
</style>
{% endblock %}
{% block contents %}
<header><h1>exactnorm explorer</h1><p>{{ hint }}</p></header>
<main>
  <div class="left">{{ embed(roots.left) }}</div>
  <div class="right">{{ embed(roots.right) }}</div>
</main>
{% endblock %}
"""
HINT = "Drag a black point. Click for a flow from there. Every control can be reached by Tab."
TALK = "Move the slider. Made by exactnorm explore --export; it needs no network."
TOLD = """
:host { --quiet: #555; }
h2 { font-size: 1em; margin: 10px 0 2px; }
p { margin: 2px 0; }
.cost { font-size: 1.15em; }
.live { color: #0072B2; }
.wrong { background: #fff1e8; border-left: 4px solid #D55E00; padding: 4px 8px; }
.said { background: #eef6fb; border-left: 4px solid #0072B2; padding: 4px 8px; }
"""
"""For texts: those of Bokeh have a style of their own."""
FOCUS = ":focus-visible { outline: 3px solid #0072B2 !important; outline-offset: 1px; }"
"""For controls: where the keyboard is must be seen."""
