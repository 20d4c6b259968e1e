// The next times of a schedule, on the clocks of its zone and, where that is another one, on those here.
type Time = { readonly at: string; readonly there: string };

const HERE = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "numeric", minute: "2-digit" });

export function NextTimes({ times = [], zone = "" }: { readonly times?: readonly Time[]; readonly zone?: string }) {
  const isElsewhere = zone !== "" && zone !== Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <ol aria-label="The next times" aria-live="polite" className="flex min-h-[116px] flex-col gap-1 text-sm">
      {times.length === 0 && <li className="text-mute">None with these values.</li>}
      {times.map(({ at, there }) => (
        <li key={at} className="flex items-baseline justify-between gap-3">
          <time dateTime={at} className="font-medium">{there}</time>
          {isElsewhere && <span className="whitespace-nowrap text-xs text-mute">here {HERE.format(new Date(at))}</span>}
        </li>
      ))}
    </ol>
  );
}
