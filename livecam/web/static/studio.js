// The page: its parts, put together.

import { Calibration } from "./calibration.js";
import { Checks } from "./checks.js";
import { Connection } from "./connection.js";
import { Controls } from "./controls.js";
import { backgroundPicture, Jobs, takeDrops } from "./enrolment.js";
import { Gallery } from "./gallery.js";
import { Keys } from "./keys.js";
import { Latency } from "./latency.js";
import { notice } from "./notices.js";
import { Reactions } from "./reactions.js";
import { Stage } from "./stage.js";
import { Tracking } from "./tracking.js";

const connection = new Connection();
const controls = new Controls(connection);
const stage = new Stage(connection);
const calibration = new Calibration(connection);
const jobs = new Jobs(connection, controls);
const gallery = new Gallery(connection, controls, jobs);
const reactions = new Reactions(connection, controls);

new Checks(connection);
new Keys(connection, controls, gallery, reactions);
new Latency(connection);
new Tracking(connection);
takeDrops(connection, jobs);
controls.instead("calibrate", () => calibration.start());
controls.below("background", backgroundPicture());
connection.on("notice", ({ text, tone }) => notice(text, tone));
connection.start();
stage.start();
