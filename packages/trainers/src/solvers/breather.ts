/** Long stretches of arithmetic let timers, rendering and interrupts run this often, in milliseconds. */
const INTERVAL = 100;

/** A function to await inside long loops: it returns at once, but every tenth of a second it waits for the event loop. */
export function breather(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < INTERVAL) return undefined;
    return new Promise((resolve) => {
      setTimeout(() => {
        last = performance.now();
        resolve();
      }, 0);
    });
  };
}
