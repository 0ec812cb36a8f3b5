// before anything is painted: the look that was chosen here, else the system's
const chosen = localStorage.getItem("console-theme");
if (chosen) document.documentElement.dataset.theme = chosen;
