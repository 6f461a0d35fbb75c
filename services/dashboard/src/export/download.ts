/** Offers a text as a file to the reader. */
export function download(fileName: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}

/** Offers a table as a CSV file. */
export function downloadCsv(fileName: string, csv: string): void {
  download(fileName, "text/csv;charset=utf-8", csv);
}
