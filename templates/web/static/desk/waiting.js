// A page that waits for a job looks again; without this script it refreshes itself.
const again = 2000;
setTimeout(() => location.reload(), again);
