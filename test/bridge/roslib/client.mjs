// Drives a bridge with roslib as the panel does: node client.mjs ROSLIB URL NAME; prints one JSON line.
const [roslib, url, name] = process.argv.slice(2);
const { Ros, Topic, Service, Action } = await import(roslib);

const seen = {};
const within = (what, promise) =>
  Promise.race([
    promise,
    new Promise((_, fail) => setTimeout(() => fail(new Error(`${what}: nothing came`)), 15000)),
  ]);

const ros = new Ros({});
const connected = new Promise((done) => ros.on("connection", done));
await ros.connect(url);
await within("connection", connected);

const state = new Topic({ ros, name: `${name}/state`, messageType: "std_msgs/msg/String" });
seen.latched = await within("latched", new Promise((done) => state.subscribe(done)));
state.unsubscribe();

const echo = new Topic({ ros, name: `${name}/echo`, messageType: "std_msgs/String" });
const web = new Topic({ ros, name: `${name}/web`, messageType: "std_msgs/String", latch: true });
const echoed = within("echo", new Promise((done) => echo.subscribe(done)));
web.publish({ data: "from roslib" });
seen.echoed = await echoed;
echo.unsubscribe();
web.unadvertise();

const service = new Service({ ros, name: `${name}/flag`, serviceType: "std_srvs/srv/SetBool" });
const call = (request, to = service) =>
  new Promise((done) =>
    to.callService(request, (values) => done({ values }), (error) => done({ error }), 5),
  );
seen.call = await within("call", call({ data: true }));
seen.wrong = await within("wrong call", call({ data: 1 }));
const missing = new Service({ ros, name: `${name}/missing`, serviceType: "std_srvs/srv/SetBool" });
seen.missing = await within("missing service", call({}, missing));

const action = new Action({ ros, name: `${name}/count`, actionType: "test_msgs/action/Fibonacci" });
const feedback = [];
const send = (order, begun = () => {}) =>
  new Promise((done) => {
    const id = action.sendGoal(
      { order },
      (values) => done({ values }),
      (values) => {
        feedback.push(values);
        begun(id);
      },
      (error) => done({ error }),
    );
  });
seen.result = await within("result", send(4));
seen.feedback = feedback.at(-1);
seen.cancelled = await within("cancelled", send(500, (id) => action.cancelGoal(id)));
seen.all = await within("all cancelled", send(500, () => action.cancelAllGoals()));
seen.aborted = await within("aborted", send(13));

console.log(JSON.stringify(seen));
ros.close();
setTimeout(() => process.exit(0), 100);
