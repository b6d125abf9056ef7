"use strict";
// A run as it stands, asked for once a second while it goes on. Everything that a record says is put in
// as text, never as HTML.
(() => {
  const run = document.body.dataset.run;
  const part = (id) => document.getElementById(id);
  const address = (room) => `/${room}/${run.split("/").map(encodeURIComponent).join("/")}`;
  let chosen = null;
  const plots = new Map();

  const cell = (text, name) => {
    const td = document.createElement("td");
    td.textContent = text ?? "";
    if (name) td.className = name;
    return td;
  };
  // What is the same stays as it is: a reader of the screen is told of changes alone, and what somebody
  // has marked stays marked.
  const put = (id, text) => {
    if (part(id).textContent !== text) part(id).textContent = text;
  };
  const rows = (id, lines) => {
    const known = part(id).children;
    const all = lines.map((cells) => {
      const tr = document.createElement("tr");
      tr.append(...cells);
      return tr;
    });
    // What is new at the top moves the others down.
    const first = all.findIndex((tr) => known[0]?.isEqualNode(tr));
    if (first > 0) known[0].before(...all.slice(0, first));
    all.forEach((tr, at) => {
      if (at >= known.length) part(id).append(tr);
      else if (!known[at].isEqualNode(tr)) known[at].replaceWith(tr);
    });
    while (known.length > all.length) known[all.length].remove();
  };
  const two = (n) => String(n).padStart(2, "0");
  const clock = (s) => `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(Math.floor(s) % 60)}`;

  const shade = (state) => (u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const [from, to, phase] of state.eclipses) {
      ctx.fillStyle = phase === "umbra" ? "#dedede" : "#f0f0f0";
      const x = u.valToPos(from, "x", true);
      ctx.fillRect(x, bbox.top, Math.max(1, u.valToPos(to, "x", true) - x), bbox.height);
    }
    ctx.restore();
  };
  const plot = (state, channel) => {
    const box = document.createElement("div");
    const title = document.createElement("div");
    title.className = "plot-title";
    box.append(title);
    box.setAttribute("role", "img");
    part("plots").append(box);
    const line = (label) => ({
      label, stroke: "#0072b2", width: 1.2, points: { show: false },
      value: (_, v) => (v == null ? "–" : `${+v.toPrecision(5)} ${channel.unit}`),
    });
    const u = new uPlot({
      width: box.clientWidth || 480, height: 170,
      scales: { x: { time: false } },
      series: [{ label: "time", value: (_, at) => (at == null ? "–" : clock(at)) }, line("highest"), line("lowest")],
      bands: [{ series: [1, 2], fill: "#0072b255" }],
      axes: [{ values: (_, ticks) => ticks.map(clock), space: 70 }, { size: 60 }],
      hooks: { drawClear: [shade(state)] },
    }, [channel.t, channel.high, channel.low], box);
    return { u, box, title };
  };
  const draw = (state) => {
    for (const [place, known] of plots) {
      if (!state.drawn.some((channel) => channel.place === place)) {
        known.u.destroy();
        known.box.remove();
        plots.delete(place);
      }
    }
    for (const channel of state.drawn) {
      if (!plots.has(channel.place)) plots.set(channel.place, plot(state, channel));
      const known = plots.get(channel.place);
      const value = state.channels[channel.place].value;
      known.title.textContent = `${channel.name}: ${value ?? "–"}`;
      const told = (list, pick) => {
        const numbers = list.filter((it) => it !== null);
        return numbers.length ? `${+numbers.reduce((a, b) => pick(a, b)).toPrecision(5)} ${channel.unit}` : "none";
      };
      const [low, high] = [told(channel.low, Math.min), told(channel.high, Math.max)];
      known.box.setAttribute("aria-label", `${known.title.textContent}; lowest ${low}, highest ${high}`);
      known.u.setData([channel.t, channel.high, channel.low]);
    }
  };
  const choose = (state) => {
    const box = part("channels");
    if (box.childElementCount === state.channels.length) return;
    const drawn = state.drawn.map((channel) => channel.place);
    box.replaceChildren(...state.channels.map((channel, place) => {
      const label = document.createElement("label");
      const mark = document.createElement("input");
      mark.type = "checkbox";
      mark.checked = drawn.includes(place);
      mark.addEventListener("change", () => {
        chosen = [...box.querySelectorAll("input")].flatMap((it, at) => (it.checked ? [at] : [])).slice(0, 12);
        look(false);
      });
      label.append(mark, ` ${channel.name}`);
      return label;
    }));
  };

  const show = (state) => {
    const over = state.exit !== null;
    const course = over ? `${state.exit.name} (${state.exit.code})${state.course === "cut off" ? ", cut off" : ""}` : state.course;
    put("course", !over && state.verdict === "FAIL" ? `${course}, failing` : course);
    part("course").className = over ? state.exit.name : state.verdict === "FAIL" ? "fail" : "running";
    if (state.campaign === undefined) return;
    document.title = `${state.campaign}: ${part("course").textContent}`;
    put("campaign", state.campaign);
    part("clock").textContent = state.clock;
    part("utc").textContent = state.utc ? `${state.utc} UTC` : "";
    part("step").textContent = state.step ? `step: ${state.step}` : "";
    part("phase").textContent = state.phase ? `${state.phase}, ${clock(state.phase_left)} left` : "";
    part("way").value = state.end > 0 ? state.now / state.end : 0;
    const counts = [];
    if (state.eclipse) counts.push(`eclipse ${state.eclipse[0]} of ${state.eclipse[1]}`);
    if (state.inferences) counts.push(`${state.inferences} answers`);
    counts.push(`set points ${state.late_ms.toFixed(1)} ms late, at most ${state.late_most_ms.toFixed(1)} ms`, `${state.lost} lost`);
    part("counts").textContent = counts.join(" · ");
    part("unjudged").hidden = !state.unjudged;
    part("unjudged").textContent = state.unjudged ? `not judged: ${state.unjudged}` : "";
    const word = (it) => {
      if (!over && it.verdict === "INCONCLUSIVE" && it.progress !== "done") {
        return cell(it.progress === "waiting" ? "waits" : "not yet", "waiting");
      }
      return cell(it.progress === "done" ? it.verdict : `${it.verdict} so far`, it.verdict);
    };
    // Those that fail first, then those that can never pass, as on the terminal.
    const rank = (it) => (it.verdict === "FAIL" ? 0 : it.verdict === "INCONCLUSIVE" && it.progress === "done" ? 1 : 2);
    rows("checks", [...state.checks].sort((a, b) => rank(a) - rank(b)).map((it) => [
      word(it),
      cell(it.name), cell(it.margin), cell(it.because),
    ]));
    rows("devices", state.devices.map((it) => [
      cell(it.name), cell(it.state, it.bad ? "bad" : ""), cell(it.identity || it.model),
      cell(it.heard === null ? "" : `${Math.max(0, state.now - it.heard).toFixed(1)} s ago`),
      cell(it.inferences), cell(it.unanswered), cell(it.damaged), cell(it.retried), cell(it.boots),
    ]));
    rows("lines", state.lines.map((it) => [cell(it.at), cell(it.text, it.trouble ? "trouble" : "")]));
    part("more").hidden = !state.report;
    part("report").href = address("report");
    choose(state);
    draw(state);
  };

  const look = async (again = true) => {
    let wait = 1000;
    try {
      const query = chosen === null ? "" : `?channels=${chosen.join(",")}`;
      const answer = await fetch(address("state") + query);
      if (!answer.ok) throw new Error(await answer.text());
      const state = await answer.json();
      show(state);
      // A run that is over may be gone on with.
      if (state.exit !== null) wait = 10000;
      if (state.course === "reading") wait = 50;
    } catch (error) {
      put("course", `no answer: ${error.message}`);
      part("course").className = "bad";
      wait = 3000;
    }
    if (again) setTimeout(look, wait);
  };
  look();
  // For tests and for who asks in the console: how much is drawn.
  window.benchDrawn = () => [...plots.values()].map((it) => it.u.data[0].length);
})();
