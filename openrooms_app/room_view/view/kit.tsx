/** The small parts of a room's page: those that the browser's islands share. */

export * from "../../components/kit.tsx";
