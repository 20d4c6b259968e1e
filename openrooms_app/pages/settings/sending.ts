// What a form sends by HTTP, because it is to pass through nobody's state; and what is said when it is refused.

export type Answer<T> = { value: T } | { problem: string };

export async function send<T>(method: string, path: string, body: unknown): Promise<Answer<T>> {
  try {
    const answer = await fetch(path, {
      method,
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) return { value: told as T };
    return { problem: String(told.detail ?? `The server answered with status ${answer.status}.`) };
  } catch {
    return { problem: "The server could not be reached. Check your connection and try again." };
  }
}
