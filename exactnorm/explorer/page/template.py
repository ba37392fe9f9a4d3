"""The page around the picture. It allows itself nothing from any other host: the browser enforces that."""

WORDS = """
<details><summary>What the words mean</summary><dl>
<dt>denoiser</dt><dd>The network h(y) = Σ a [w·y + b]₊ + V y + c of least cost among those that map every noise ball
 to the black point at its centre. Arrows lead from y to h(y).</dd>
<dt>noise ball</dt><dd>All noisy copies of a point, up to noise of length ρ.</dd>
<dt>cost, lower bound</dt><dd>The cost of a network is the sum of ‖a‖ ‖w‖ over its neurons, which weight decay keeps
 small. No network that maps the balls to their centres costs less than the bound.</dd>
<dt>kink</dt><dd>A line on which a neuron switches on or off.</dd>
<dt>at rest</dt><dd>A point that h maps to itself; stable, if flows that begin near it end at it.</dd>
<dt>virtual training point</dt><dd>A sum of points at which flows end: {1, 2} is that of points 1 and 2, seen from
 point 0.</dd>
<dt>score flow, probability flow</dt><dd>The score flow follows h at one noise radius; along the probability flow the
 radius shrinks to 0 with the noise level σ, ρ = α·σ. T is the time at which it begins, by the schedule that says how
 σ depends on time.</dd>
<dt>basin</dt><dd>All starts whose flows end at one place.</dd>
<dt>hyperbox</dt><dd>What points on lines at right angles span; flows can end at its corners, on its boundary or
 inside.</dd>
<dt>closed form, program</dt><dd>A formula that is proved to give the least cost; where there is none, a solver looks
 for the least cost and shows how near it came.</dd>
</dl></details>
"""
"""For who has not read the papers."""
PAGE = (
    """
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
  details { flex-basis: 100%; }
  dt { font-weight: bold; }
  dd { margin: 0 0 4px 1em; }
  summary:focus-visible { outline: 3px solid #0072B2; outline-offset: 1px; }
  main { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: flex-start; }
  .left { flex: 3 1 480px; min-width: min(100%, 300px); }
  .right { flex: 2 1 300px; min-width: min(100%, 280px); }
</style>
{% endblock %}
{% block contents %}
<header><h1>exactnorm explorer</h1><p>{{ hint }}</p>"""
    + WORDS
    + """</header>
<main>
  <div class="left">{{ embed(roots.left) }}</div>
  <div class="right">{{ embed(roots.right) }}</div>
</main>
{% endblock %}
"""
)
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
