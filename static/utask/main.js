// What every page does: each module looks for its own marks (data-…) and leaves all else alone.
import { startDialogs } from "./dialogs.js";
import { startLive } from "./live.js";
import { startMenus } from "./menus.js";
import { startPictures } from "./pictures.js";
import { startRows } from "./rows.js";
import { startSelection } from "./selection.js";
import { startTimes } from "./times.js";
import { startValidation } from "./validation.js";

startMenus();
startDialogs();
startRows();
startSelection();
startValidation();
startPictures();
startTimes();
startLive();
