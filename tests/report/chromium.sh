#!/usr/bin/env bash
# Pages in headless Chromium, at 360, 800 and 1400 pixels, light and dark, closed and with
# all numbers open: no errors, nothing wider than the screen, every text of a chart within
# its picture, no two texts of a chart on each other, no text too pale.
#     tests/report/chromium.sh [BUILD [PAGE...]]; skipped (77) where there is no Chromium.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$root" && cd "${1:-build/release}" && pwd) || exit 1
shift $(($# > 0))
browser=$(command -v chromium || command -v chromium-browser) || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# What is measured, by a script added to the page; the frame around it collects the words.
# A window of Chromium is at least 500 pixels wide, so that widths are those of frames.
cat >"$work/measure.js" <<'JS'
const faults = [], shown = e => getComputedStyle(e).display !== "none";
window.onerror = (what) => faults.push("error: " + what);
const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
function luminance(color) {
    const [r, g, b] = color.match(/[\d.]+/g).map(Number).map(channel);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a, b) {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
}
function check_svg(svg) {
    const frame = svg.getBoundingClientRect(), boxes = [];
    for (const text of svg.querySelectorAll("text")) {
        const b = text.getBoundingClientRect(), name = JSON.stringify(text.textContent);
        if (b.left < frame.left - 1 || b.right > frame.right + 1 ||
            b.top < frame.top - 2 || b.bottom > frame.bottom + 2)
            faults.push("outside its picture: " + name);
        // A line of text is higher than its letters.
        const up = text.hasAttribute("transform"), x = up ? b.width / 4 : 0.5;
        const y = up ? 0.5 : b.height / 4;
        const inner = {left: b.left + x, right: b.right - x, top: b.top + y,
                       bottom: b.bottom - y, name};
        for (const o of boxes)
            if (inner.left < o.right && o.left < inner.right && inner.top < o.bottom &&
                o.top < inner.bottom)
                faults.push("on each other: " + name + " " + o.name);
        boxes.push(inner);
    }
    return boxes.length;
}
function check_page(state) {
    const width = document.scrollingElement.scrollWidth;
    if (width > innerWidth) faults.push(`${state}: ${width} pixels in ${innerWidth}`);
    let n = 0;
    for (const svg of document.querySelectorAll("svg"))
        if (shown(svg)) n += check_svg(svg);
    const charts = [...document.querySelectorAll("figure")];
    for (const chart of charts)
        if ([...chart.querySelectorAll("svg")].filter(shown).length !== 1)
            faults.push("not one drawing of a chart is shown");
    const ground = getComputedStyle(document.documentElement).backgroundColor;
    const texts = "h1,h2,p,a,th,td,caption,summary,code,text";
    for (const e of document.querySelectorAll(texts)) {
        const style = getComputedStyle(e), is_drawn = e.tagName === "text";
        if (contrast(is_drawn ? style.fill : style.color, ground) < 4.5)
            faults.push("pale: " + e.textContent);
    }
    return n;
}
addEventListener("load", () => {
    const closed = check_page("closed");
    for (const d of document.querySelectorAll("details")) d.open = true;
    check_page("open");
    const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    parent.postMessage(`${innerWidth} ${dark} ${closed} texts: ` +
                       (faults.slice(0, 20).join("; ") || "fine"), "*");
});
JS

frame() { # PAGE: a page with the measured one in three widths
    echo '<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme"'
    echo 'content="light dark"><pre id="words"></pre><script>'
    echo 'addEventListener("message", e => { document.getElementById("words")'
    echo '.textContent += "SAYS " + e.data + "\n"; });</script>'
    for width in 360 800 1400; do
        echo "<iframe src=\"$1\" style=\"width:${width}px;height:900px;border:0\">"
        echo '</iframe>'
    done
}

open_page() { # SCHEME (0 dark, 1 light) FILE
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --enable-logging=stderr \
        --user-data-dir="$work/profile" --window-size=1500,1000 \
        --virtual-time-budget=20000 --blink-settings=preferredColorScheme="$1" \
        --dump-dom "file://$2" 2>"$work/log"
}

check() { # PAGE
    local scheme name width says
    sed '/<\/body>/Q' "$1" >"$work/page.html"
    { echo '<script>' && cat "$work/measure.js" && echo '</script></body></html>'; } \
        >>"$work/page.html"
    frame page.html >"$work/frame.html"
    for scheme in 0 1; do
        name=$([ $scheme = 0 ] && echo dark || echo light)
        open_page $scheme "$work/frame.html" >"$work/dom"
        for width in 360 800 1400; do
            says=$(grep -oE "SAYS $width $name [1-9][0-9]* texts: .*" "$work/dom")
            [[ $says == *": fine" ]] && continue
            echo "$1 at $width, $name: ${says:-says nothing}"
            failures=$((failures + 1))
        done
        if grep ':CONSOLE' "$work/log"; then failures=$((failures + 1)); fi
    done
}

if [ $# -eq 0 ]; then
    "$build/tests/report/test_page" "$work/sample.html" || exit 1
    "$build/rung" ladder --rungs unigram,gpt --budget 1s --quiet --out "$work/run" \
        >"$work/log" || exit 1
    for i in $(seq 300); do
        word=весело label='очень хорошо'
        [ $((i % 3)) -gt 0 ] || { word=скучно && label=плохо; }
        [ $((i % 7)) -gt 0 ] || word=долго
        printf 'В день %d было %s\t%s\n' $((i % 19)) $word "$label"
    done >"$work/отзывы.tsv"
    "$build/rung" ladder "$work/отзывы.tsv" --rungs majority,logreg,word2vec,bert \
        --budget 1s --quiet --out "$work/labelled" >"$work/log" || exit 1
    set -- "$work/sample.html" "$work/run/report.html" "$work/labelled/report.html"
fi
for page; do check "$page"; done
exit $((failures > 0))
