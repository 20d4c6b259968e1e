/** The heads of the edges, one for each colour that an edge can have. */

const HEADS = ["", "-selected", "-taken", "-error"] as const;

export function Arrows() {
  return (
    <svg className="oc-arrows" width="0" height="0" aria-hidden>
      <defs>
        {HEADS.map((head) => (
          <marker key={head} id={`oc-arrow${head}`} className={`oc-arrow${head}`} viewBox="0 0 10 10" refX="8.5" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">
            <path d="M1,1.5 L8.5,5 L1,8.5 Z" />
          </marker>
        ))}
      </defs>
    </svg>
  );
}
