"""What runs in the browser: it hands over where a point is dragged to, saves files, and keeps the link."""

SCALE = """
// One unit is as long upwards as it is sideways, whatever the shape of the window, and all of the box is in sight.
const w = plot.inner_width, h = plot.inner_height
if (w > 0 && h > 0) {
  for (const [range, wide] of [[plot.x_range, w / h], [plot.y_range, h / w]]) {
    const [low, high] = range.tags
    const middle = (low + high) / 2, half = (high - low) / 2 * Math.max(1, wide)
    const [start, end] = [middle - half, middle + half]
    range.setv({start, end, reset_start: start, reset_end: end})
  }
}
// Whoever holds a point before moving it drags it all the same: no gesture of holding is used here. And a point follows
// from the first pixels on.
const view = Bokeh.index.find_one(plot)
const gestures = view?.canvas_view?.ui_event_bus?.ui_gestures
if (gestures) Object.assign(gestures.constructor, {press_threshold: 2 ** 30, move_threshold: 3})
"""
DRAG = """
// One request is under way at a time, and the newest place waits for it: however slow the answers, none pile up.
const now = {x: Array.from(points.data.x), y: Array.from(points.data.y)}
const key = JSON.stringify(now)
if (drag._last === undefined) drag._last = JSON.stringify(now)
if (key === drag._last) return
drag._last = key
drag._next = now
drag._send = () => {
  if (drag._busy || drag._next == null) return
  const {x, y} = drag._next
  drag._next = null
  drag._busy = true
  drag._count = (drag._count ?? 0) + 1
  drag.data = {x: [x], y: [y], count: [drag._count]}
}
drag._send()
"""
BEGIN = """
// What is under the pointer is being dragged: to say again and again what it is takes longer than to draw the picture.
Bokeh.index.find_one(hover)?._clear?.()
hover.active = false
drag._last = JSON.stringify({x: Array.from(points.data.x), y: Array.from(points.data.y)})
drag._next = null
"""
DROP = """
hover.active = true
drag._next = null
"""
TAPPED = """
// A point that was clicked is not left selected: Backspace would take it away, whatever is being typed.
setTimeout(() => { points.selected.indices = [] })
"""
ANSWERED = """
// The next place is computed while this picture is being drawn.
drag._busy = false
if (drag._send) drag._send()
"""
SAVE = """
const [name, mime, base64] = [file.data.name[0], file.data.mime[0], file.data.base64[0]]
if (!name) return
const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
const link = document.createElement("a")
link.href = URL.createObjectURL(new Blob([bytes], {type: mime}))
link.download = name
document.body.appendChild(link)
link.click()
link.remove()
setTimeout(() => URL.revokeObjectURL(link.href), 10000)
"""
PICTURE = """
const view = Bokeh.index.find_one(plot)
view.export(kind).to_blob().then((blob) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = "exactnorm-explore." + kind
  document.body.appendChild(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(link.href), 10000)
})
"""
LINK = """
history.replaceState(null, "", query.data.query[0] ? "?" + query.data.query[0] : location.pathname)
"""
CHOSEN = """
// A file that is too large is told of here: the server would hang up unread, and the window would be lost.
const view = Bokeh.index.find_one(file)
const load = view.load_files.bind(view)
view.load_files = async (files) => {
  const large = [...files].find((one) => one.size > most)
  if (!large) return load(files)
  const told = document.createElement("p")
  told.className = "wrong"
  told.setAttribute("role", "alert")
  told.textContent = `${large.name}: ${large.size} bytes; give at most ${most}`
  message.text = told.outerHTML
  view.input_el.value = ""
}
"""
NAMED = """
// Bokeh leaves some of what Tab reaches without a name or a role: a screen reader says nothing of it.
const seen = new WeakSet()
const set = (one, names) => {
  for (const [name, value] of Object.entries(names)) {
    if (one.getAttribute(name) != value) one.setAttribute(name, value)
  }
}
const name = (root) => {
  for (const one of root.querySelectorAll("*")) if (one.shadowRoot) watch(one.shadowRoot)
  const title = root.querySelector(".bk-slider-title"), label = root.querySelector("label")
  for (const handle of root.querySelectorAll(".noUi-handle")) {
    set(handle, {"aria-label": (title?.textContent ?? "").replace(/:[^:]*$/, "")})
  }
  for (const [button, word] of [["up", "more"], ["down", "less"]]) {
    for (const one of root.querySelectorAll(`.bk-spin-btn-${button}`)) {
      set(one, {"aria-label": `${label?.textContent ?? ""}: ${word}`})
    }
  }
  for (const one of root.querySelectorAll(".bk-OnOffButton, .bk-ClickButton")) {
    set(one, {role: "button", "aria-label": one.title})
    if (one.matches(".bk-OnOffButton")) set(one, {"aria-pressed": String(one.classList.contains("bk-active"))})
  }
}
const watch = (root) => {
  if (seen.has(root)) return
  seen.add(root)
  name(root)
  const changes = {childList: true, subtree: true, attributes: true, attributeFilter: ["class", "title"]}
  new MutationObserver(() => name(root)).observe(root, changes)
}
watch(document.body)
for (const [plot, what] of pictures) {
  const canvas = Bokeh.index.find_one(plot)?.canvas_view?.events_el
  if (canvas) set(canvas, {role: "img", "aria-label": what})
}
"""
TOLD = """
// New numbers are put in where the old ones are: to have the whole page laid out anew takes as long as the picture.
const view = Bokeh.index.find_one(readout)
if (view?.markup_el) view.rerender = () => { view.markup_el.innerHTML = readout.text }
"""
FRAME = """
const one = frames[slider.value]
for (const [name, table] of Object.entries(one.layers)) sources[name].data = table
bars.y_range.factors = one.layers.shares.kind.slice().reverse()
readout.text = one.readout
slider.title = one.title
"""
