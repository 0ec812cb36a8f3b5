// The chosen file's name takes the place of the invitation to choose one; one that is too large is
// not sent at all.

for (const label of document.querySelectorAll("[data-filename]")) {
  const input = label.parentElement.querySelector("input[type=file]");
  const invitation = label.textContent;
  const limit = Number(label.dataset.maxBytes);
  input.addEventListener("change", () => {
    const file = input.files[0];
    label.textContent = file?.name ?? invitation;
    if (file && file.size > limit) {
      input.value = "";
      label.textContent = `Too large: ${Math.floor(limit / 1024)} KiB at most`;
    }
  });
}
