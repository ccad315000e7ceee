/** The events (Server-Sent Events) of a response, one by one as they come. Comments are passed over. */
export async function* events(response) {
  let text = "";
  for await (const chunk of response) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const field = (name) => block.match(new RegExp(`^${name}: ?(.*)$`, "m"))?.[1];
      const data = field("data");
      if (data !== undefined) yield { name: field("event"), id: field("id"), data: JSON.parse(data) };
    }
  }
}
