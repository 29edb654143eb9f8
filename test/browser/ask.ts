/** Asks a fresh worker one thing, and ends it. */
export async function ask<T>(
  worker: Worker,
  task: object,
  transfer: Transferable[] = [],
): Promise<T> {
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message || 'the worker failed'));
      worker.onmessage = ({ data }) => {
        if (data.error === undefined) resolve(data as T);
        else reject(new Error(data.error));
      };
      worker.postMessage(task, transfer);
    });
  } finally {
    worker.terminate();
  }
}
