# متن صفحه‌ها.
home-title = وضعیت امروز منطقه
home-head-1 = یک بازار کربن.
home-head-2 = ده کشور، هر یک با آهنگ خود
home-lead = چه کسی تا چه اندازه حق انتشار دارد، این حق به چه قیمتی معامله می‌شود و سند آن چیست. همهٔ اطلاعات این درگاه را می‌توان بدون ورود خواند، دریافت کرد و از نو محاسبه کرد.
home-map = مرحله و قیمت
home-map-label = نقشهٔ اعضا به تفکیک مرحله
home-map-source = منبع: سند سیاست جاری، آخرین معاملات
home-table = اعضا با مرحله، قیمت و سقف
home-capped = { $count ->
    [0] هیچ عضوی سقف ندارد
    [1] یک عضو دارای سقف
   *[other] { $count } عضو دارای سقف
}
home-prices = آخرین قیمت‌ها
home-tile = { $change } نسبت به حراج دوره‌ای پیشین · { $volume } تن فروش · { $day }
home-open-market = رفتن به بازار
home-chart-unit = { $currency } بر تن، حراج‌های دوره‌ای
home-chart-label = قیمت مجوزها در حراج‌های دوره‌ای
home-chart-source = منبع: حراج‌های دوره‌ای
home-finding-twice = قیمت { $name } دست‌کم دو برابر دیگران است
home-finding-dearest = بالاترین قیمت از آنِ { $name } است
home-finding-none = قیمت حراج‌های دوره‌ای
home-bar = { $verified } از { $cap } میلیون تن
home-caps-finding = { $over ->
    [0] انتشار در { $year } از هیچ سقفی نگذشت
    [1] انتشار در { $year } از یک سقف گذشت
   *[other] انتشار در { $year } از { $over } سقف گذشت
}
home-caps-label = انتشار راستی‌آزمایی‌شده در برابر سقف‌ها
home-caps-source = منبع: گزارش‌های راستی‌آزمایی‌شدهٔ آخرین سال بسته
next-dates = تاریخ‌های پیش رو
next-dates-source = منبع: سند سیاست جاری، حراج‌های اعلام‌شده
calendar-file = تقویم (.ics)
no-dates = موعدی در پیش نیست
latest = تازه‌ترین ردیف‌های دفتر
pause = توقف به‌روزرسانی
prove-head = به گفتهٔ ما بسنده نکنید
prove-text = هر کس نسخه‌ای از دفتر داشته باشد می‌تواند همهٔ ردیف‌ها را از نو بررسی کند: زنجیره، جمع‌های کنترلی، قیدهای همیشگی و دارندهٔ هر شمارهٔ سریال.

no-trades = هنوز معامله‌ای انجام نشده است
no-trades-text = قیمت‌ها با نخستین معامله نمایش داده می‌شود.
no-calls = هنوز حراج دوره‌ای برگزار نشده است
no-cap = بدون سقف
no-cap-text = این عضو در این مرحله سقف ندارد.
no-years = هنوز سالی بسته نشده است
no-years-text = ارقام با تثبیت نخستین نمره‌ها نمایش داده می‌شود.
no-links = بدون پیوند
no-links-text = هیچ واحدی میان این عضو و دیگران جابه‌جا نمی‌شود.
no-indicative = سفارش‌های خرید و فروش به هم نمی‌رسند

price-of = به تاریخ { $day }، برای واحدهای معتبر تا { $year }
verified-of = در { $year }، زیر سقف { $cap } میلیون تن
obliged-of = { $count ->
    [0] هیچ‌یک مشمول تسویهٔ { $year } نیست
    [1] یکی مشمول تسویهٔ { $year }
   *[other] { $count } مورد مشمول تسویهٔ { $year }
}
path-head = سقف و انتشار راستی‌آزمایی‌شده
path-unit = میلیون تن معادل CO₂
path-label = سقف و انتشار راستی‌آزمایی‌شده، سال به سال
path-source = منبع: سند سیاست جاری، گزارش‌های راستی‌آزمایی‌شده
plants-map = تأسیسات
plants-map-label = نقشهٔ تأسیسات؛ مساحت هر نقطه نشان‌دهندهٔ انتشار آن است
plants-placed = محل { $placed } مورد از { $all } تأسیسات مشخص است؛ تأسیسات مصنوعی محلی ندارند.
plants-source = منبع: داده‌های باز، به شرح هر سطر
years-head = سال به سال
years-source = منبع: سند سیاست جاری و دفتر
largest = بزرگ‌ترین تأسیسات
all-installations = همهٔ تأسیسات
links-head = پیوندها
links-source = منبع: سند سیاست جاری، حراج‌های پیوسته
basis-head = مبنای سند سیاست برای این عضو
basis-text = کلیدهایی از سند سیاست که مبنای خود را ذکر کرده‌اند. هر کلیدی که مبنایی ذکر نکرده باشد فرض است.
basis-source = منبع: سند سیاست جاری

markets-head = بازار
markets-lead = واحدهای معتبر برای هر سال هر کشور در حراج‌های دوره‌ای معامله می‌شوند و هر جا سند سیاست اجازه دهد، در جلسه‌های معاملاتی نیز.
markets-open = بازارهایی که موعد تسویهٔ آنها در پیش است
markets-none = هیچ بازاری باز نیست
markets-none-text = بازارها با نخستین واحدهای یک سال باز می‌شوند.
calls-last = آخرین حراج‌های دوره‌ای
calls-source = منبع: حراج‌های دوره‌ای
days-last = آخرین روزهای دارای معامله
days-source = منبع: معاملات هر روز (UTC)
market-head = بازار { $name }
market-lead = واحدهایی که می‌توان برای { $year } تسویه کرد: واحدهای همین سال و سال‌های پیش که هنوز معتبرند.
phase-until = تا { $at }
trades-count = { $count ->
    [0] بدون معامله
    [1] در یک معامله
   *[other] در { $count } معامله
}
trades-last = آخرین معاملات
trades-source = منبع: معاملات بورس
prices-head = قیمت‌های پایانی
prices-unit = { $currency } بر تن، آخرین قیمت هر روز
book-head = سفارش‌های در انتظار
book-empty = سفارشی در انتظار نیست
book-empty-text = سفارش‌های حراج دوره‌ای یا جلسهٔ معاملاتی بعد، جمع‌شده به تفکیک قیمت، اینجا نمایش داده می‌شود.
book-source = منبع: سفارش‌های در انتظار به تفکیک قیمت
buy = خرید
sell = فروش

auctions-head = حراج مجوزها
auctions-lead = دولت‌ها مجوزها را به یک قیمت به همهٔ برندگان می‌فروشند. هر کس می‌تواند نتیجه را از نو محاسبه کند.
auctions-coming = اعلام‌شده
auctions-none = هیچ حراجی اعلام نشده است
auctions-none-text = هر حراج پیش از آغاز مهلت پیشنهاد اعلام می‌شود.
auctions-results = نتیجه‌ها
auctions-no-results = هنوز حراجی برگزار نشده است
auctions-source = منبع: حراج‌های اولیه
auction-title = حراج { $number }، { $name }
auction-sold = { $sold } تن به قیمت { $price } { $currency } بر تن فروخته شد؛ یک قیمت برای همهٔ برندگان.
auction-unsold = چیزی فروخته نشد: هیچ پیشنهادی به قیمت پایه نرسید.
auction-cancelled = پیش از تعیین نتیجه پس گرفته شد.
auction-coming = اعلام شده است؛ مهلت پیشنهاد در { $at } پایان می‌یابد.
auction-counts = واحدهای معتبر برای { $year }
auction-facts = شرایط و نتیجه
curve-head = پیشنهادها
curve-price = { $currency } بر تن
curve-quantity = میلیون تن، انباشته از بالاترین پیشنهاد
curve-label = منحنی نزولی پیشنهادهای انباشته، حجم عرضه و قیمت حراج در نقطهٔ برخورد آنها
curve-none = پیشنهادها پس از تعیین نتیجهٔ حراج نشان داده می‌شود
curve-none-text = تا آن هنگام هیچ‌کس پیشنهاد دیگران را نمی‌بیند.
bids-head = جمع پیشنهادها به تفکیک قیمت
bids-source = منبع: پیشنهادهای حراج‌هایی که نتیجهٔ آنها تعیین شده است، بدون نام پیشنهاددهندگان
recompute = نتیجه را از نو محاسبه کنید
recompute-text = کد خود بازار نتیجه را از جدول پیشنهادها تعیین می‌کند: هر سطر یک پیشنهاد، با قیمت و مقدار.

coupled-head = حراج‌های پیوسته
coupled-lead = نتیجهٔ بازارهای پیوندیافته یک‌جا تعیین می‌شود: قیمت‌ها و جریان میان آنها با هم به دست می‌آید و منفعت تقسیم می‌شود.
coupled-map = جریان میان اعضا
coupled-title = حراج پیوستهٔ { $number }
coupled-at = نتیجه در { $at } تعیین شد.
coupled-prices = قیمت‌ها
coupled-source = منبع: حراج‌های پیوسته
flows-head = جریان‌ها، درآمدهای تراکم و عوارض
flows-none = هنوز چیزی جریان نیافته است
flows-none-text = جریان‌ها با نخستین حراج پیوسته نمایش داده می‌شود.
flows-nothing = چیزی جریان نیافت
flows-source = منبع: حراج‌های پیوسته
flow-told = از { $from } به { $to }: { $quantity } تن

registry-head = گزارش‌های دفتر ثبت
registry-lead = آنچه بنا بر قواعد از حساب‌ها، تأسیسات، تخصیص، پایبندی و معاملات عمومی است؛ هر یک هم به صورت جدول و هم به صورت فایل.
reports-registry = دفتر ثبت
reports-market = بازارها
reports-history = تاریخچه
list-source = منبع: دفتر
list-empty = موردی یافت نشد
list-empty-text = برای دیدن موارد بیشتر، یکی از شرط‌ها را بردارید.
filter = پالایش
filter-text = متن
filter-all = همه
filter-none = بدون شرط

plant-emitted = { $tonnes } تن در { $year }
plant-proxy = این رقم را بهره‌بردار گزارش نکرده است: «دربارهٔ داده‌ها» را ببینید.
plant-facts = مشخصات
plant-where = محل
plant-nowhere = محل آن مشخص نیست
plant-nowhere-text = تأسیسات مصنوعی به‌جای تأسیساتی آمده‌اند که نامشان در هیچ جدول عمومی نیست.
map-source = شکل نقشه: Natural Earth
plant-years = سال به سال
compliance-source = منبع: گزارش‌های راستی‌آزمایی‌شده، تسویه‌ها
letters-mean = A: همهٔ واحدهای لازم را تسویه کرده است. B: کمتر تسویه کرده است. C: سالی گزارش نشده است. D، E، X: به تعیین مرجع مسئول.

policy-head = سند سیاست
policy-lead = بازار همین یک فایل است: مرحله‌ها، سقف‌ها، حراج‌ها، مهلت‌ها، جریمه‌ها، پیوندها. همین متن، چنان‌که اینجا آمده است، شبیه‌سازی، تمرین و اجرا می‌شود.
policy-in-force = لازم‌الاجرا
policy-versions = نسخه‌ها
policy-none = هنوز سند سیاستی تصویب نشده است
policies-source = منبع: اسناد سیاست تصویب‌شده
policy-changes = چه تغییر کرد
policy-file = فایل
policy-file-text = SHA-256 آن در دفتر آمده است؛ هر کس فایل را داشته باشد می‌تواند مقایسه کند.
policy-missing = فایل اینجا در دسترس نیست
policy-missing-text = دفتر تنها چکیدهٔ آن را دارد؛ برای نمایش، فایل را کنار مخزن داده بگذارید.

record-title = ردیف { $record }
record-private = اکنون هیچ بخشی از این ردیف عمومی نیست
record-private-text = سفارش‌ها، پیشنهادها، پول و اختیارنامه‌ها عمومی نیستند؛ انتقال‌ها پس از سپری شدن مدت تأخیر عمومی می‌شوند.
record-source = منبع: دفتر

data-lead = هر رقم از کجا آمده، با چه پروانه‌ای به کار رفته و چه چیز اصلاح شده است.
provenance-head = هر رقم چگونه به دست آمده است
sources-head = منابع
source-key = کلید
source-publisher = ناشر و مجموعهٔ داده
source-year = سال
source-licence = پروانهٔ استفاده
source-use = کاربرد
corrections-head = اصلاح‌ها
corrections-text = هر تغییر در ارقام منابع، همراه با دلیل آن.
method-head = چه چیزهایی محاسبه شده است

search-head = جست‌وجو
search-lead = تأسیسات، حساب‌ها، حراج‌ها، اعضا و سطرهای سند سیاست.
search-empty = آنچه را می‌جویید بنویسید
search-empty-text = بخشی از نام کافی است؛ حساب‌ها و حراج‌ها با شماره یافته می‌شوند.
search-none = برای «{ $text }» چیزی یافت نشد

sim-head = اگر قواعد دیگری در کار بود، چه می‌شد؟
sim-lead = تنظیم‌ها را تغییر دهید و قیمت‌ها، جریان‌ها و منفعت هر عضو را ببینید. هیچ چیز در این صفحه بازار را تغییر نمی‌دهد.
sim-scenario = سناریو
sim-reset = بازگشت به سند مصوب
sim-caps = سقف‌ها، تغییر نسبت به سند مصوب
sim-cap-hint = { $cap } میلیون تن در { $year }
sim-limits = حدود قیمت و اعتبارها، { $name }
sim-floor = کف قیمت
sim-ceiling = سقف قیمت
sim-price-hint = مصوب: { $price } در { $year }، سپس با همان روند افزایش
sim-none-adopted = مصوب: ندارد
sim-credits = احتساب اعتبارها در این حدود
sim-credit-share = اعتبارهای داخلی
sim-credit-hint = سهم از انتشار هر بهره‌بردار
sim-link = پیوند { $from } – { $to }
sim-way-none = بدون پیوند
sim-way-one-way = یک‌سویه
sim-way-both = دوسویه
sim-quota = سهمیه
sim-quota-hint = مصوب: در نهایت { $quota }؛ باز از { $year }
sim-no-quota = بدون سهمیه
sim-ratio = نسبت تبدیل هر واحد
sim-ratio-hint = مصوب: { $ratio }
sim-calculate = محاسبه
sim-gain = منفعت منطقه، { $year }
sim-gain-note = در مقایسه با حالت بدون پیوند
sim-flow = عبور از پیوندها، { $year }
sim-flow-note = واحدهای خروجی
sim-emissions = انتشار زیر سقف‌ها، { $year }
sim-emissions-note = انتشار اعضای دارای بازار
sim-green = سرمایه‌گذاری سبز
sim-green-note = برانگیخته از قیمت، { $first } تا { $last }؛ مبتنی بر فرض‌ها
sim-this = این سناریو
sim-adopted = سند سیاست مصوب
sim-price-unit = { $currency } بر تن، به قیمت ثابت
sim-price-label = قیمت‌های شبیه‌سازی‌شده، سال به سال
sim-finding = بالاترین قیمت از آنِ { $name } است: { $price } { $currency } بر تن در { $year }
sim-no-market = هیچ‌کس مشمول تسویه نیست
sim-source = منبع: مدل تعادل؛ پاسخ در { $ms } میلی‌ثانیه
sim-source-short = منبع: مدل تعادل
sim-who = چه کسی از پیوندها منفعت می‌برد
sim-who-label = منفعت اعضا از پیوندها، همهٔ سال‌ها، تنزیل‌شده
sim-who-note = همهٔ سال‌ها، تنزیل‌شده به سال نخست، در مقایسه با بازارهای بدون پیوند.
sim-before = پیش از تکیه بر این نتایج
sim-refused = این سناریو در مقام سند سیاست رد می‌شد:
sim-proxy = هزینه‌های کاهش انتشار تقریبی است و اندازه‌گیری نشده است.
sim-assumed = { $count ->
    [0] هیچ ورودی فرضی در کار نیست.
    [1] یک ورودی فرضی است.
   *[other] { $count } ورودی فرضی است.
}
sim-no-oversold = هیچ عضوی آنچه را برای تعهد اقلیمی خود لازم دارد نمی‌فروشد.
sim-oversold = فروش آنچه برای تعهد اقلیمی خود فروشنده لازم است: { $names }.
sim-year = ارقام { $year }
sim-abatement = کاهش انتشار
sim-import = واردات خالص
sim-col-gain = منفعت از پیوندها
sim-revenue = درآمد حراج‌ها
sim-windfall = سود بادآورده
sim-next = گام‌های بعدی
sim-share-text = نشانی صفحه همهٔ سناریو را در خود دارد: هر کس آن را باز کند همین را می‌بیند.
sim-share = نشانی این سناریو
sim-rehearse = تمرین این سناریو
sim-command = همین محاسبه روی رایانهٔ شما
sim-coalitions = کدام اعضا با هم منفعت می‌برند
sim-coalitions-lead = هر گروه از اعضا با یک بازار مشترک، در مقایسه با بازارهای جداگانهٔ آنها.
sim-no-coalitions = شمار اعضای دارای بازار کافی نیست
sim-together = مجموع
sim-each = هر عضو
sim-all-gain = همه منفعت می‌برند
sim-holds = هیچ عضوی خارج نمی‌شود
sim-rehearsal = تمرین { $number }
sim-rehearsal-lead = بهره‌برداران شبیه‌سازی‌شدهٔ تأسیسات واقعی سال‌های نخست را روی کد اصلی بازار تمرین می‌کنند.
sim-back = بازگشت به سناریو
sim-waiting = در انتظار پایان تمرینی دیگر است.
sim-playing = تمرین در حال اجراست.
sim-may-leave = می‌توانید این صفحه را ترک کنید؛ نشانی آن پابرجا می‌ماند.
sim-failed = اجرای تمرین ممکن نشد
sim-full = تمرین‌های در انتظار بیش از ظرفیت است
sim-full-text = پس از پایان یکی از تمرین‌ها دوباره تلاش کنید.
sim-beside = شبیه‌سازی و تمرین در کنار هم
sim-simulated = شبیه‌سازی
sim-auction = حراج‌ها
sim-call = حراج‌های دوره‌ای
sim-beside-source = منبع: مدل تعادل؛ تمرین همین سند سیاست
yes = بله
no = خیر
