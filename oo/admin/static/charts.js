// Charts by uPlot out of what each figure carries; drawn anew when the look or the width changes.
(() => {
  const drawn = new Map();
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const lines = ["--accent", "--blue", "--warn", "--bad", "--soft"];

  function told(value, unit) {
    if (value == null) return "–";
    if (unit === "reward") return (value > 0 ? "+" : "") + value.toFixed(2);
    if (unit === "share") return `${(100 * value).toFixed(1)}%`;
    return Math.abs(value) >= 100 || Number.isInteger(value) ? value.toLocaleString("en") : value.toFixed(2);
  }

  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
  const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  const both = (at) => `${day.format(at)} ${time.format(at)}`;
  // midnight says the day, other marks the time
  const marked = (at) => (new Date(at * 1000).getHours() + new Date(at * 1000).getMinutes() ? time : day).format(at * 1000);

  function draw(figure) {
    const plot = figure.querySelector(".plot");
    if (!plot) return;
    drawn.get(plot)?.destroy();
    const given = JSON.parse(figure.dataset.chart);
    const isTime = given.at.length > 0;
    const x = isTime ? given.at : given.labels.map((_, index) => index);
    const axis = { stroke: colour("--faint"), grid: { stroke: colour("--hair"), width: 1 }, ticks: { show: false }, font: "12px system-ui", size: 34 };
    const series = [{ label: isTime ? "Time" : "", value: isTime ? (_, at) => (at == null ? "–" : both(at * 1000)) : (_, index) => given.labels[index] ?? "" }];
    const data = [x];
    const bands = [];
    given.series.forEach((one, index) => {
      const stroke = colour(lines[index % lines.length]);
      const paths = given.bars ? uPlot.paths.bars({ size: [0.6, 48] }) : undefined;
      series.push({
        label: one.title,
        stroke,
        fill: given.bars ? stroke + "55" : undefined,
        width: 1.5,
        paths,
        points: { show: x.length < 40 && !given.bars, size: 4, fill: stroke },
        spanGaps: true,
        value: (_, value) => told(value, given.unit),
      });
      data.push(one.values);
      if (one.low.length) {
        const edge = { stroke: "transparent", points: { show: false }, spanGaps: true };
        series.push({ ...edge, class: "edge", label: "95% to", value: (_, value) => told(value, given.unit) });
        data.push(one.high);
        series.push({ ...edge, class: "edge", label: "from", value: (_, value) => told(value, given.unit) });
        data.push(one.low);
        bands.push({ series: [series.length - 2, series.length - 1], fill: stroke + "22" });
      }
    });
    const marks = isTime ? { values: (_, at) => at.map(marked) } : { values: (_, at) => at.map((i) => given.labels[i] ?? ""), splits: () => x };
    const legend = 30;
    const options = {
      width: plot.clientWidth,
      height: Math.max(plot.clientHeight - legend, 120),
      scales: {
        x: isTime ? { time: true } : { time: false, range: [-0.6, x.length - 0.4] },
        y: given.bars ? { range: (_, low, high) => [Math.min(low, 0) * 1.1, Math.max(high, 0) * 1.1 || 1] } : {},
      },
      axes: [{ ...axis, ...marks }, { ...axis, size: 46, values: (_, at) => at.map((value) => told(value, given.unit)) }],
      series,
      bands,
      cursor: { y: false },
    };
    drawn.set(plot, new uPlot(options, data, plot));
  }

  const all = () => document.querySelectorAll("figure[data-chart]").forEach(draw);
  let wait;
  addEventListener("resize", () => {
    clearTimeout(wait);
    wait = setTimeout(all, 150);
  });
  document.addEventListener("themed", all);
  document.addEventListener("htmx:after:swap", all);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  all();
})();
