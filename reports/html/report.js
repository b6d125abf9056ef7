"use strict";
// Plots that zoom: drag over a stretch of time, and every plot of the report shows it. A click on the
// time of a check goes to its moment. Without scripts the drawn figures stay, which tell the same.
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const pens = {
    first: ["#0072b2", 1.6, []], second: ["#b84500", 1.4, [9, 4]], third: ["#007a59", 1.4, [8, 3, 2, 3]],
    fourth: ["#8a4b78", 1.4, [2, 3]], command: ["#000000", 1, [4, 3]],
  };
  // Steps of a clock, s.
  const steps = [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800];
  const counts = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10000, 100000];
  const charts = [];
  const end = Math.max(1e-3, ...figures.filter((figure) => !figure.measure).map((figure) => figure.end));
  let moment = null;

  const two = (n) => String(n).padStart(2, "0");
  const clock = (s) => {
    const whole = Math.floor(Math.abs(s));
    const fraction = Math.abs(s) % 1;
    const text = `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
    return (s < 0 ? "-" : "") + text + (fraction > 5e-4 ? fraction.toFixed(3).slice(1) : "");
  };
  // Lines of one trace with a gap between two stretches.
  const stretch = (lines) => {
    const xs = [], ys = [];
    lines.forEach((line, place) => {
      if (place > 0 && line.length > 0) {
        xs.push((xs[xs.length - 1] + line[0][0]) / 2);
        ys.push(null);
      }
      for (const [x, y] of line) { xs.push(x); ys.push(y); }
    });
    return [xs, ys];
  };
  // What has no time has a scale of its own.
  const zoom = (min, max) => charts.filter((chart) => !chart.figure.measure).forEach((chart) => chart.u.setScale("x", { min, max }));

  const under = (figure, panel) => (u) => {
    const { ctx, bbox } = u;
    const x = (at) => u.valToPos(at, "x", true);
    const y = (value) => u.valToPos(value, "y", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const [from, to, phase] of figure.eclipses) {
      ctx.fillStyle = phase === "umbra" ? "#dedede" : "#f0f0f0";
      ctx.fillRect(x(from), bbox.top, Math.max(1, x(to) - x(from)), bbox.height);
    }
    for (const [from, to, low, high] of panel.bands) {
      ctx.fillStyle = "#f3e3b8";
      ctx.fillRect(x(from), y(high), x(to) - x(from), Math.max(1, y(low) - y(high)));
    }
    ctx.restore();
  };
  const over = (panel) => (u) => {
    const { ctx, bbox } = u;
    const x = (at) => u.valToPos(at, "x", true);
    const y = (value) => u.valToPos(value, "y", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.strokeStyle = "#8b0000";
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([12, 5]);
    for (const limit of panel.limits) {
      for (const [from, to] of limit.during) {
        ctx.beginPath();
        ctx.moveTo(x(from), y(limit.value));
        ctx.lineTo(x(to), y(limit.value));
        ctx.stroke();
      }
    }
    ctx.setLineDash([]);
    ctx.fillStyle = "#000";
    ctx.font = `${12 * devicePixelRatio}px sans-serif`;
    for (const [at, value, label] of panel.worst) {
      const dot = devicePixelRatio, [left, top] = [x(at), y(value)];
      ctx.lineWidth = 1.5 * dot;
      ctx.strokeStyle = "#000";
      ctx.beginPath();
      ctx.arc(left, top, 4 * dot, 0, 2 * Math.PI);
      ctx.stroke();
      // Inside of the plot, and readable upon its lines.
      const side = left > bbox.left + 0.8 * bbox.width ? -1 : 1;
      const below = top < bbox.top + 20 * dot;
      const place = [label, left + side * 7 * dot, top + (below ? 16 : -6) * dot];
      ctx.textAlign = side < 0 ? "right" : "left";
      ctx.lineWidth = 4 * dot;
      ctx.strokeStyle = "#ffffffd0";
      ctx.strokeText(...place);
      ctx.fillText(...place);
    }
    if (moment !== null) {
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.strokeStyle = "#00509e";
      ctx.beginPath();
      ctx.moveTo(x(moment), bbox.top);
      ctx.lineTo(x(moment), bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  };

  const draw = (figure, panel, parent) => {
    // What is no time is counted: runs, one by one.
    const plain = figure.counts || figure.measure;
    const t0 = plain || !figure.epoch ? NaN : Date.parse(figure.epoch);
    const utc = (at) => new Date(t0 + Math.round(at * 1000)).toISOString().slice(11, 19);
    const spoken = plain ? (at) => String(+at.toPrecision(5)) : clock;
    // Bench time, and below it UTC where T0 has one.
    const told = (at) => (Number.isNaN(t0) ? spoken(at) : `${spoken(at)}\n${utc(at)}`);
    const begin = figure.measure ? figure.measure[0] : 0;
    const tables = [], series = [{ label: figure.counts ?? figure.measure?.[1] ?? "time", value: (_, at) => (at == null ? "–" : told(at).replace("\n", " = ") + (Number.isNaN(t0) ? "" : " UTC")) }], bands = [];
    for (const trace of panel.traces) {
      const [stroke, width, dash] = pens[trace.pen];
      const five = (v) => String(+v.toPrecision(5));
      const spread = trace.extremes.length > 0;
      const value = (u, v, place, at) => {
        if (v == null) return "–";
        const [high, low] = spread ? [u.data[place + 1][at], u.data[place + 2][at]] : [];
        return five(v) + (low == null ? "" : ` (${five(low)} to ${five(high)})`) + ` ${panel.unit}`;
      };
      tables.push(stretch(trace.lines));
      series.push({ label: trace.label, stroke, width, dash, value, points: { show: trace.lines.some((line) => line.length === 1) } });
      if (spread) {
        const xs = trace.extremes.map((e) => e[0]);
        for (const [name, at] of [["highest", 2], ["lowest", 1]]) {
          tables.push([xs, trace.extremes.map((e) => e[at])]);
          series.push({ label: `${trace.label}, ${name}`, class: "extreme", stroke: stroke + "55", width: 0.5, points: { show: false } });
        }
        bands.push({ series: [series.length - 2, series.length - 1], fill: stroke + "33" });
      }
    }
    // Values of limits, bands and zero belong to what is seen.
    const known = panel.limits.map((l) => l.value).concat(panel.bands.flatMap((b) => [b[2], b[3]]), panel.zero ? [0] : []);
    const title = document.createElement("div");
    title.className = "panel-title";
    const limits = panel.limits.map((l) => l.label).join(", ");
    title.textContent = panel.quantity + (panel.unit ? ` / ${panel.unit}` : "") + (limits ? ` – ${limits}` : "");
    parent.append(title);
    const data = tables.length > 0 ? uPlot.join(tables) : [[begin, figure.end]];
    const u = new uPlot({
      width: parent.clientWidth || 960, height: 190, series, bands,
      scales: {
        x: { time: false, range: (_, min, max) => [min ?? begin, max ?? figure.end] },
        y: { range: (_, min, max) => uPlot.rangeNum(Math.min(min ?? Infinity, ...known), Math.max(max ?? -Infinity, ...known), 0.08, true) },
      },
      axes: [{ values: (_, ticks) => ticks.map(told), space: 80, ...(figure.measure ? {} : { incrs: figure.counts ? counts : steps }) }, { size: 64 }],
      cursor: { ...(figure.measure ? {} : { sync: { key: "bench", setSeries: false } }), drag: { x: true, y: false } },
      hooks: {
        drawClear: [under(figure, panel)], draw: [over(panel)],
        // A line goes with its extremes, which have no entry of their own in the legend.
        setSeries: [(u, place, { show }) => {
          if (show === undefined || u.series[place]?.class === "extreme") return;
          for (const at of [place + 1, place + 2]) if (u.series[at]?.class === "extreme") u.setSeries(at, { show });
        }],
        setSelect: [(u) => {
          if (u.select.width > 2) {
            const [min, max] = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
            if (figure.measure) u.setScale("x", { min, max });
            else zoom(min, max);
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          }
        }],
      },
    }, data, parent);
    u.setScale("x", { min: begin, max: figure.end });
    u.over.addEventListener("dblclick", whole);
    // For who has no mouse, and for who hears the plot instead of seeing it.
    u.over.tabIndex = 0;
    u.over.setAttribute("role", "img");
    u.over.setAttribute("aria-label", panel.spoken);
    u.over.addEventListener("keydown", (event) => {
      const ways = { "+": [0.25, -0.25], "=": [0.25, -0.25], "-": [-0.5, 0.5], ArrowLeft: [-0.25, -0.25], ArrowRight: [0.25, 0.25] };
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "0" || event.key === "Escape") whole();
      else if (ways[event.key]) {
        const { min, max } = u.scales.x, [left, right] = ways[event.key].map((part) => part * (max - min));
        const [first, last] = [begin, figure.measure ? figure.end : end];
        const wide = Math.min(max - min + right - left, last - first);
        const from = Math.max(first, Math.min(min + left, last - wide));
        if (figure.measure) u.setScale("x", { min: from, max: from + wide });
        else zoom(from, from + wide);
      } else return;
      event.preventDefault();
    });
    charts.push({ u, figure, panel, parent });
  };
  function whole() {
    moment = null;
    document.querySelectorAll(".figure-at").forEach((old) => old.classList.remove("figure-at"));
    document.getElementById("where").textContent = "";
    zoom(0, end);
    charts.filter((chart) => chart.figure.measure).forEach(({ u, figure }) => u.setScale("x", { min: figure.measure[0], max: figure.end }));
  }
  const goTo = (button) => {
    moment = Number(button.dataset.at);
    const value = Number(button.dataset.value);
    const near = ([at, v]) => Math.abs(at - moment) < 1e-6 && Math.abs(v - value) <= 1e-9 * Math.abs(value);
    const timed = charts.filter((chart) => !chart.figure.measure);
    const chart = timed.find((chart) => chart.panel.worst.some(near))
      ?? timed.find((chart) => chart.panel.traces.some((trace) => trace.label === button.dataset.subject)) ?? timed[0];
    const half = Math.min(end / 2, Math.max(end / 40, 5));
    const from = Math.max(0, Math.min(moment - half, end - 2 * half));
    zoom(from, from + 2 * half);
    document.querySelectorAll(".figure-at").forEach((old) => old.classList.remove("figure-at"));
    document.getElementById("where").textContent = `${button.dataset.check}: ${clock(moment)}`;
    if (chart) {
      chart.parent.classList.add("figure-at");
      chart.parent.scrollIntoView({ block: "center" });
    }
  };

  document.documentElement.classList.add("scripted");
  document.querySelectorAll(".live").forEach((place) => {
    const figure = figures[Number(place.dataset.figure)];
    figure.panels.forEach((panel) => draw(figure, panel, place.appendChild(document.createElement("div"))));
  });
  // What the plots show, for whoever drives the page.
  window.benchSeen = () => (charts.length > 0 ? [charts[0].u.scales.x.min, charts[0].u.scales.x.max] : null);
  document.getElementById("whole").addEventListener("click", whole);
  document.querySelectorAll("button.moment").forEach((button) => button.addEventListener("click", () => goTo(button)));
  addEventListener("resize", () => charts.forEach((chart) => chart.u.setSize({ width: chart.parent.clientWidth, height: 190 })));
})();
