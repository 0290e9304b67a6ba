/* The report's own button: what is printed is the sheet, by the print rules of report.css. */
(function () {
  "use strict";
  document.addEventListener("click", function (event) {
    if (event.target.closest && event.target.closest("#report-print")) window.print();
  });
})();
